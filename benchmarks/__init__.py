"""Benchmarks and fault proofs: one question per file, each answer a ratio or a count measured in one run."""

# Where below MEDIA_ROOT the bare view finds what it answers.
BODIES = "bench"
