"""Water works: an imaginary system whose manual uses every directive for procedures and trees."""

project = "Water works"
extensions = ["myst_parser", "sphinx_copybutton", "drillbook"]
exclude_patterns = ["_build"]
nitpicky = True
html_theme = "furo"
myst_enable_extensions = ["colon_fence", "deflist"]

drillbook_alerts = ["rules/*.yml"]
drillbook_read_only = ["./pump status ...", "./valve status ..."]

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
