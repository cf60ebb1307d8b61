//! G.722 at 64 kbit/s ↔ 16-bit samples at 16 kHz (ITU-T G.722), with a state that can be saved.
