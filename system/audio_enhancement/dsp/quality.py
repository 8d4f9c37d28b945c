"""How good an enhanced recording is, when the clean one is known."""

import numpy as np
from numpy.typing import NDArray


def si_sdr(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    """Scale-invariant signal-to-distortion ratio, in dB; higher is better. A change of loudness alone costs nothing.

    J. Le Roux, S. Wisdom, H. Erdogan, J. R. Hershey, "SDR – half-baked or well done?", ICASSP 2019, equation (3),
    with means removed.

    Args:
        reference: Clean samples, shape ``(n,)``.
        estimate: Samples to judge, shape ``(n,)``.

    Returns:
        The ratio; ``inf`` for a scaled copy, ``-inf`` for an estimate without any of the reference in it.

    Raises:
        ValueError: The shapes differ, or the reference is constant (silence), to which no ratio exists.
    """
    if reference.shape != estimate.shape or reference.ndim != 1:
        raise ValueError(f"si_sdr needs two signals of one shape (n,), got {reference.shape} and {estimate.shape}")
    clean = reference.astype(np.float64) - np.mean(reference, dtype=np.float64)
    heard = estimate.astype(np.float64) - np.mean(estimate, dtype=np.float64)
    energy = float(clean @ clean)
    if energy == 0.0:
        raise ValueError("si_sdr needs a reference that is not silent")
    target = (float(heard @ clean) / energy) * clean
    error = heard - target
    with np.errstate(divide="ignore"):
        return float(10.0 * (np.log10(target @ target) - np.log10(error @ error)))
