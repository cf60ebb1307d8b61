//! Audio that is met and not read: by which bytes it is known, what it is called, and its media type.

/// A format that is not ours to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// What it is called.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Where its signature is, and the bytes of it.
    signature: (usize, &'static [u8]),
}

impl Foreign {
    /// Whether its signature is too long to begin another sound by chance.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.signature.1.len() > 2
    }
}

const fn known(
    name: &'static str,
    media_type: &'static str,
    offset: usize,
    bytes: &'static [u8],
) -> Foreign {
    Foreign { name, media_type, signature: (offset, bytes) }
}

/// All of them; where one signature begins like another, the longer one is first.
const FOREIGN: &[Foreign] = &[
    known("multichannel AMR-WB", "audio/amr-wb", 0, b"#!AMR-WB_MC1.0\n"),
    known("multichannel AMR", "audio/amr", 0, b"#!AMR_MC1.0\n"),
    known("EVS", "audio/evs", 0, b"#!EVS_MC1.0\n"),
    known("SILK", "audio/silk", 0, b"#!SILK_V3"),
    known("SILK", "audio/silk", 1, b"#!SILK_V3"),
    known("iLBC", "audio/ilbc", 0, b"#!iLBC"),
    known("Windows Media Audio", "audio/x-ms-wma", 0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    known("Monkey's Audio", "audio/x-ape", 0, b"MAC "),
    known("WavPack", "audio/x-wavpack", 0, b"wvpk"),
    known("Musepack", "audio/x-musepack", 0, b"MPCK"),
    known("Musepack", "audio/x-musepack", 0, b"MP+"),
    known("True Audio", "audio/x-tta", 0, b"TTA1"),
    known("True Audio", "audio/x-tta", 0, b"TTA2"),
    known("TAK", "audio/x-tak", 0, b"tBaK"),
    known("OptimFROG", "audio/x-ofr", 0, b"OFR "),
    known("Shorten", "audio/x-shorten", 0, b"ajkg"),
    known("MPEG-4 ALS", "audio/x-als", 0, b"ALS\0"),
    known("DSD", "audio/x-dsf", 0, b"DSD "),
    known("DSD", "audio/x-dff", 0, b"FRM8"),
    known("AC-3", "audio/ac3", 0, b"\x0b\x77"),
    known("DTS", "audio/vnd.dts", 0, b"\x7f\xfe\x80\x01"),
    known("RealAudio", "audio/x-pn-realaudio", 0, b".ra\xfd"),
    known("RealMedia", "application/vnd.rn-realmedia", 0, b".RMF"),
    known("MIDI", "audio/midi", 0, b"MThd"),
    known("Creative Voice", "audio/x-voc", 0, b"Creative Voice File"),
    known("8SVX", "audio/x-8svx", 8, b"8SVX"),
    known("NIST SPHERE", "audio/x-nist", 0, b"NIST_1A"),
    known("AAC in ADIF", "audio/aac", 0, b"ADIF"),
];

/// The format that the first bytes are known to be.
#[must_use]
pub fn foreign(head: &[u8]) -> Option<&'static Foreign> {
    FOREIGN.iter().find(|foreign| {
        let (offset, bytes) = foreign.signature;
        head.get(offset..).is_some_and(|rest| rest.starts_with(bytes))
    })
}
