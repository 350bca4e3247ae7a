//! Whether a topic's file still has its name. Whoever removes it (`rm`, or the login manager at
//! logout) leaves those who have it open alone with each other: who comes later gets another
//! topic of that name. Each side looks now and then, says so once, and opens the topic anew.

use framelane_layout::ErrorCode;
use framelane_shm::{Error, Result, monotonic_ns};

use crate::peer::OpenTopic;
use crate::roll::Roll;

/// How often to look.
const EVERY_NS: u64 = 1_000_000_000;
/// How often somebody who polls in vain looks at the clock.
const POLLS: u32 = 16;

/// What one side of a topic knows of its file.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    looked_ns: u64,
    polls: u32,
    removed: bool,
    roll: Roll,
    /// How often the topic was opened anew.
    pub(crate) reopened: u64,
}

impl Watch {
    /// When the next look is due, on the monotonic clock.
    pub(crate) fn due_ns(&self) -> u64 {
        self.looked_ns.saturating_add(EVERY_NS)
    }

    /// Counts a poll that found nothing, and looks if it is time.
    ///
    /// # Errors
    /// [`ErrorCode::TopicRemoved`].
    #[inline]
    pub(crate) fn polled(&mut self, topic: &OpenTopic) -> Result<()> {
        self.polls = self.polls.wrapping_add(1);
        if self.polls.is_multiple_of(POLLS) && monotonic_ns() > self.due_ns() {
            return self.look(topic);
        }
        Ok(())
    }

    /// Looks.
    ///
    /// # Errors
    /// [`ErrorCode::TopicRemoved`].
    #[cold]
    pub(crate) fn look(&mut self, topic: &OpenTopic) -> Result<()> {
        self.looked_ns = monotonic_ns();
        self.roll.call(topic, self.looked_ns);
        if topic.has_name()? {
            return Ok(());
        }
        self.removed = true;
        let text = format!(
            "the file of topic {} was removed while it was open; frames sent to it reach nobody \
             who comes later. The next call opens the topic anew",
            topic.name()
        );
        Err(Error::new(ErrorCode::TopicRemoved, text))
    }

    /// Whether the topic was found to be removed, and has not been opened anew.
    pub(crate) fn is_removed(&self) -> bool {
        self.removed
    }

    /// The topic opened anew is in use.
    pub(crate) fn has_anew(&mut self) {
        self.removed = false;
        self.roll = Roll::default();
        self.reopened += 1;
    }

    /// The topic, opened anew, if it was found to be removed. Whoever can use it says so by
    /// [`has_anew`](Self::has_anew).
    ///
    /// # Errors
    /// What opening it can say.
    #[inline]
    pub(crate) fn anew(&mut self, topic: &OpenTopic) -> Result<Option<OpenTopic>> {
        if !self.removed {
            return Ok(None);
        }
        topic.peer().open_topic(topic.name(), topic.kind(), topic.mode()).map(Some)
    }
}
