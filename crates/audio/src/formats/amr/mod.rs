//! AMR and AMR-WB in files of their own (RFC 4867 §5), as phones record them, read only.

mod demux;

use crate::codecs::amr::Band;
use crate::format::Format;
use demux::AmrSource;

/// The row of AMR in the table.
pub const FORMAT: Format = Format {
    name: "amr",
    aliases: &["amr-nb"],
    extensions: &["amr"],
    media_types: &["audio/amr", "audio/amr-nb"],
    source: Some(&AmrSource { format: "amr", band: Band::Narrow }),
    target: None,
};

/// The row of AMR-WB.
pub const WIDE: Format = Format {
    name: "awb",
    aliases: &["amr-wb"],
    extensions: &["awb"],
    media_types: &["audio/amr-wb"],
    source: Some(&AmrSource { format: "awb", band: Band::Wide }),
    target: None,
};
