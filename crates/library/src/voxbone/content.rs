//! The content of recordings.

use crate::{
    Beside, Change, Error, FileChanges, Library, Principal, Publish, Recorded, Recording,
    RecordingStatus, Role, Scope, Upload, now_ms,
};
use catalog::RecordingContent;
use uuid::Uuid;

/// The container that recordings' content goes to.
const CONTAINER: &str = "voxbone";

/// Options of a link, each a name and a value.
pub type LinkOptions = Vec<(&'static str, &'static str)>;

/// What a file is to be the content of.
pub enum Recordable {
    /// A recording that is made with it.
    New(Recording),
    /// One that is there.
    There(Box<Recorded>),
}

impl Recordable {
    /// The recording.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        match self {
            Self::New(recording) => recording,
            Self::There(recorded) => &recorded.recording,
        }
    }
}

impl Library {
    /// A recording that is there, to be given content.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below agent, [`Error::NotFound`].
    pub async fn recordable(
        &self,
        caller: &Principal,
        recording_id: Uuid,
    ) -> Result<Recordable, Error> {
        caller.needs(Scope::Create, Role::Agent)?;
        let found = self.seen_recording(caller, None, recording_id).await?;
        Ok(Recordable::There(Box::new(found)))
    }

    /// Refuses content for a recording whose profile does not record.
    ///
    /// # Errors
    /// [`Error::Conflict`].
    pub async fn check_records(&self, recording: &Recording) -> Result<(), Error> {
        let Some(profile_id) = recording.profile_id else { return Ok(()) };
        match self.catalog.profile(profile_id).await? {
            Some(profile) if !profile.record => Err(Error::Conflict {
                field: "record",
                message: "the recording's profile does not record; set its `record` to true first"
                    .into(),
                reference_sid: Some(profile_id),
            }),
            _ => Ok(()),
        }
    }

    /// Begins the upload of content for a recording, refused early as far as that is known.
    ///
    /// # Errors
    /// [`Error::Conflict`] if its profile does not record; those of an upload.
    pub async fn begin_content(
        &self,
        caller: &Principal,
        recordable: &Recordable,
    ) -> Result<Upload, Error> {
        self.check_records(recordable.recording()).await?;
        let mut upload = self.begin_upload(caller).await?;
        if let Recordable::There(recorded) = recordable
            && recorded.file.is_none()
        {
            self.say_container(caller, &recorded.recording, &mut upload).await?;
            upload.refuse_early().await?;
        }
        Ok(upload)
    }

    /// Gives a recording the content that was uploaded: a file of its own, or new content of the file that it has. The
    /// same content again changes nothing.
    ///
    /// # Errors
    /// [`Error::Conflict`] if its profile does not record, or if the recording was changed meanwhile; an upload's.
    pub async fn keep_content(
        &self,
        caller: &Principal,
        recordable: Recordable,
        mut upload: Upload,
    ) -> Result<Recorded, Error> {
        self.check_records(recordable.recording()).await?;
        let (recording_id, file) = match recordable {
            Recordable::New(mut recording) => {
                let recording_id = recording.recording_id;
                if recording.status == RecordingStatus::Pending {
                    recording.status = RecordingStatus::Completed;
                }
                self.say_container(caller, &recording, &mut upload).await?;
                let content = RecordingContent::Of(recording);
                (recording_id, upload.finish(Beside::Voxbone(content)).await?)
            }
            Recordable::There(recorded) => {
                let Recorded { recording, file } = *recorded;
                let recording_id = recording.recording_id;
                let (had, now_ms) = (recording.file_sid, now_ms());
                let content = RecordingContent::For { recording_id, had, now_ms };
                let beside = Beside::Voxbone(content);
                match file {
                    Some(file) => {
                        let came = upload.examine().await?.content_hash;
                        if came == file.content_hash {
                            upload.tally().is_kept(file.file_bytes);
                            return Ok(Recorded { recording, file: Some(file) });
                        }
                        let change = Change::content(upload).with_beside(beside);
                        (recording_id, self.change(caller, file.file_sid, change).await?)
                    }
                    None => {
                        self.say_container(caller, &recording, &mut upload).await?;
                        (recording_id, upload.finish(beside).await?)
                    }
                }
            }
        };
        self.tell_of_mail();
        let kept = self.catalog.recording(recording_id).await?.ok_or(Error::NotFound)?;
        Ok(Recorded { file: Some(file), ..kept })
    }

    /// The upload goes to the container of the recording's partner.
    async fn say_container(
        &self,
        caller: &Principal,
        recording: &Recording,
        upload: &mut Upload,
    ) -> Result<(), Error> {
        let (partner, publish) = (recording.partner_sid, Publish::FileSid);
        let container = self.container_of_api(caller, partner, CONTAINER, publish).await?;
        let mut changes = FileChanges::default();
        changes.put("container_sid", |file| file.container_sid = container.container_sid);
        upload.say(changes);
        Ok(())
    }

    /// The links that play recordings, in their order, with options as `written_as` tells of the format; `None`
    /// for one that has no content, or whose content is not published.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn recording_urls(
        &self,
        recorded: &[Recorded],
        written_as: fn(&str) -> LinkOptions,
    ) -> Result<Vec<Option<String>>, Error> {
        let files: Vec<_> = recorded.iter().filter_map(|one| one.file.clone()).collect();
        let mut links = self.publish_uris(&files).await?.into_iter();
        let of = |one: &Recorded| {
            let file = one.file.as_ref()?;
            let link = links.next().flatten()?;
            // What can't be played is linked as it is.
            let options = file.content_duration.map(|_| written_as(&one.recording.format));
            let pair = |(name, value)| format!("{name}={value}");
            let options: Vec<_> = options.into_iter().flatten().map(pair).collect();
            Some(if options.is_empty() { link } else { format!("{link}?{}", options.join("&")) })
        };
        Ok(recorded.iter().map(of).collect())
    }
}
