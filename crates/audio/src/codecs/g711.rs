//! G.711 mu-law and A-law ↔ 16-bit samples (ITU-T G.711), byte for byte as ffmpeg does it.
