//! The steps of a try, and what stopped it.

use jadegate_service::{Result, ServiceError};

use super::scene::Scene;

/// What stopped a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// It waits for a second pair of eyes.
    Waits,
    /// It was refused with this code.
    Refused(&'static str),
    /// It was done to its end.
    Nothing,
}

impl Stopped {
    /// Its stable code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Refused(code) => code,
            Self::Nothing => "nothing",
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) steps: u32,
    pub(super) minutes: i64,
    pub(super) stopped: Stopped,
    /// How many people were read about.
    pub(super) read: usize,
    pub(super) leaves_before: u64,
}

/// Counts the steps of a try.
pub(super) struct Steps {
    steps: u32,
    read: usize,
    leaves_before: u64,
}

impl Steps {
    /// Everything until now was the scene.
    pub(super) async fn begin(scene: &mut Scene) -> Result<Self> {
        scene.begin_here().await?;
        Ok(Self { steps: 0, read: 0, leaves_before: scene.leaves().await? })
    }

    /// A step is made.
    pub(super) const fn step(&mut self) {
        self.steps += 1;
    }

    /// Somebody was read about.
    pub(super) const fn read(&mut self) {
        self.read += 1;
    }

    /// The end of the try.
    pub(super) fn end(&self, scene: &Scene, stopped: Stopped) -> Done {
        Done {
            steps: self.steps,
            minutes: scene.minutes(),
            stopped,
            read: self.read,
            leaves_before: self.leaves_before,
        }
    }

    /// The end of a try that was refused.
    pub(super) fn refused(&self, scene: &Scene, why: &ServiceError) -> Done {
        self.end(scene, Stopped::Refused(why.code))
    }
}
