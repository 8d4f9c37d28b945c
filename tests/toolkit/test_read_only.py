"""What a check may run: commands that look. What changes something is refused, however it is written."""

import pytest

from drillbook.model.read_only import why_not_read_only

LOOKS = [
    "ls -l /data | wc -l",
    "./deploy.py --status",
    "./pump status",
    "./pump status north --long",
    "./deploy.py --status | grep -c RUNNING",
    "AE_X=1 ./deploy.py --status",
    "ps -eo pid,stat,cmd | grep worker",
    "df --output=pcent /data 2>/dev/null",
    "redis-cli -p 6379 llen queue",
    "redis-cli -h localhost info memory",
    "psql -At -c 'select count(*) from jobs'",
    'psql -c "SELECT pg_blocking_pids(pid) FROM pg_stat_activity"',
    "pg_isready --port 5432",
    "curl --silent http://127.0.0.1/healthz",
    "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/",
    "kubectl -n audio get pods",
    "systemctl is-active nginx || true",
    "grep AE_DSP_ $RUN_DIR/etc/production.env",
    "cat $(ls /var/log/*.log)",
    "find /data -name '*.tmp' -mtime +1",
    "nginx -t",
    "sed -n '1,5p' file",
    "awk '{print $1}' file",
    "journalctl -u nginx --since today",
    "git log --oneline",
    "supervisorctl -c supervisord.conf status",
]
CHANGES = [
    "rm -rf /",
    "./deploy.py --rollback",
    "./deploy.py",
    "ls; rm x",
    "ls && rm x",
    "ls | xargs rm",
    "ls\nrm x",
    "ls & rm x",
    "cat $(rm x)",
    "cat `rm x`",
    "cat <(rm x)",
    "echo x > file",
    "echo x >> file",
    "echo x >| file",
    "ls | tee file",
    "ls 2> file",
    "find / -delete",
    "find / -exec rm {} +",
    "sed -i s/a/b/ file",
    "sed --in-place=.bak s/a/b/ file",
    "sed 'w out' file",
    "awk 'BEGIN { system(\"rm x\") }'",
    "awk '{ print > \"x\" }' file",
    "sort -o file file",
    "date --set 2020-01-01",
    "curl -X DELETE http://x",
    "curl --request POST http://x",
    "curl -sd a=b http://x",
    "curl -so file http://x",
    "env rm x",
    "sudo ls",
    "timeout 5 rm x",
    "nohup rm x",
    "bash -c 'rm x'",
    "eval rm x",
    "redis-cli flushall",
    "redis-cli -p 6379 DEL key",
    "redis-cli eval 'x' 0",
    "redis-cli",
    "psql -c 'delete from jobs'",
    "psql -c 'select 1; drop table jobs'",
    'psql -c "select pg_terminate_backend(1)"',
    'psql -c "with x as (delete from jobs returning *) select * from x"',
    "psql -f script.sql",
    "psql",
    "kubectl delete pod x",
    "systemctl restart nginx",
    "supervisorctl stop all",
    "git checkout x",
    "git -c alias.x='!rm x' x",
    "ssh host rm x",
    "python3 -c 'import os'",
    "kill 1",
    "nginx -s reload",
    "ls 'open",
    "cat <<END\n$(rm x)\nEND",
    "./deploy.py --status --scale workers=1",
    "./pump statuses",
    "./pump",
]
ALLOWED = ["./deploy.py --status", "./pump status ...", "...", ""]


@pytest.mark.parametrize("command", LOOKS)
def test_a_command_that_looks_is_let(command: str) -> None:
    assert why_not_read_only(command, ALLOWED) is None


@pytest.mark.parametrize("command", CHANGES)
def test_a_command_that_changes_something_is_refused(command: str) -> None:
    assert why_not_read_only(command, ALLOWED)
