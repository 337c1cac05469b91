"""What we talk about: frozen dataclasses and the catalogue of findings. No I/O, no third-party import."""
