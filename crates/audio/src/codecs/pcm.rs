//! Linear PCM bytes of every width and order → samples.
