//! IMA and MS ADPCM blocks → samples (Microsoft RIFF multimedia standards update, 1994).
