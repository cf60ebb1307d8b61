//! What is stored, in all and by partner, and how it came in.

use super::text::Text;
use library::{Library, UploadEnd, Uploads, Usage};
use uuid::Uuid;

/// Partners that have a label of their own: those that hold most.
const PARTNERS: u32 = 20;

/// What is stored.
pub struct Stored {
    all: Usage,
    /// The partners that hold most; none are named to who may not know of partners.
    partners: Vec<(Uuid, Usage)>,
}

impl Stored {
    /// What the catalog tells, if it does; of partners to an administrator alone.
    pub async fn look_up(library: &Library, is_administrator: bool) -> Option<Self> {
        let all = library.usage().await.ok()?;
        let partners = match is_administrator {
            true => library.largest_partners(PARTNERS).await.ok()?,
            false => Vec::new(),
        };
        Some(Self { all, partners })
    }

    pub fn write(&self, text: &mut Text) {
        let Self { all, partners } = self;
        text.gauge("tonearm_files", "Files that are stored.", all.files);
        text.gauge("tonearm_files_bytes", "Bytes of the files that are stored.", all.bytes);
        let rest = |of: fn(&Usage) -> u64| {
            let told: u64 = partners.iter().map(|(_, usage)| of(usage)).sum();
            of(all).saturating_sub(told)
        };
        let files: fn(&Usage) -> u64 = |usage| usage.files;
        let bytes: fn(&Usage) -> u64 = |usage| usage.bytes;
        for (name, help, of) in [
            (
                "tonearm_partner_files",
                "Files of the partners that hold most, and of all others.",
                files,
            ),
            ("tonearm_partner_files_bytes", "Bytes of those files.", bytes),
        ] {
            text.family(name, "gauge", help);
            for (partner, usage) in partners {
                text.sample(name, &format!("partner=\"{partner}\""), of(usage));
            }
            text.sample(name, "partner=\"others\"", rest(of));
        }
    }
}

/// The uploads of this process.
pub fn uploads(text: &mut Text) {
    let name = "tonearm_uploads_total";
    text.family(name, "counter", "Uploads that have ended, by how.");
    for (end, label) in UploadEnd::ALL {
        text.sample(name, &format!("outcome=\"{label}\""), Uploads::ended(end));
    }
    let help = "Bytes of the uploads that are kept.";
    text.counter("tonearm_upload_bytes_total", help, Uploads::kept_bytes());
}
