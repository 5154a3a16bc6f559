//! The two things a use case takes from the world: what time it is, and random bytes.

use jadegate_domain::Timestamp;

/// Tells the time. The real one is made in `cli`, a settable one in `testkit` and `demo`.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes fit for keys. The real one asks the operating system.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy {
    /// An array of random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// 64 random bits, for ids.
    pub fn bits(&self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }
}
