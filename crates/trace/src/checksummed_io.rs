//! Numbers in a file, in blocks with checksums.

use std::io::{self, Read, Write};

/// Most bytes of a block's payload: what is held in memory beside the index while it is read.
const MOST: usize = 1 << 20;

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length);
    crc.update(payload);
    crc.finalize()
}

/// Writes blocks of `length, payload, CRC-32 of both`; the last one is empty.
pub(crate) struct ChecksummedWriter<'a, W> {
    to: &'a mut W,
    block: Vec<u8>,
}

impl<'a, W: Write> ChecksummedWriter<'a, W> {
    pub(crate) fn new(to: &'a mut W) -> Self {
        Self { to, block: Vec::with_capacity(MOST) }
    }

    /// One thing that is not split between blocks.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.block.len() + bytes.len() > MOST {
            self.flush()?;
        }
        self.block.extend_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn word(&mut self, word: u32) -> io::Result<()> {
        self.put(&word.to_le_bytes())
    }

    pub(crate) fn long(&mut self, long: u64) -> io::Result<()> {
        self.put(&long.to_le_bytes())
    }

    pub(crate) fn count(&mut self, count: usize) -> io::Result<()> {
        self.long(count as u64)
    }

    /// How many, and each.
    pub(crate) fn words(&mut self, words: &[u32]) -> io::Result<()> {
        self.count(words.len())?;
        words.iter().try_for_each(|w| self.word(*w))
    }

    pub(crate) fn end(mut self) -> io::Result<()> {
        self.flush()?;
        self.flush()?;
        self.to.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let length = u32::try_from(self.block.len()).unwrap_or(0).to_le_bytes();
        self.to.write_all(&length)?;
        self.to.write_all(&self.block)?;
        self.to.write_all(&checksum(length, &self.block).to_le_bytes())?;
        self.block.clear();
        Ok(())
    }
}

/// Why blocks cannot be read.
#[derive(Debug)]
pub(crate) enum BlockError {
    /// Cut short, changed, or never right.
    Damaged(&'static str),
    /// By the system's own account.
    Unreadable(io::Error),
}

/// Reads what [`ChecksummedWriter`] wrote, each block only after its checksum was found right.
pub(crate) struct ChecksummedReader<'a, R> {
    from: &'a mut R,
    block: Vec<u8>,
    at: usize,
}

type Result<T> = std::result::Result<T, BlockError>;

impl<'a, R: Read> ChecksummedReader<'a, R> {
    pub(crate) fn new(from: &'a mut R) -> Self {
        Self { from, block: Vec::new(), at: 0 }
    }

    fn next_block(&mut self) -> Result<()> {
        let mut length = [0; 4];
        self.exactly(&mut length)?;
        let bytes = u32::from_le_bytes(length) as usize;
        if bytes > MOST {
            return Err(BlockError::Damaged("a block is too long"));
        }
        let mut block = std::mem::take(&mut self.block);
        block.resize(bytes, 0);
        self.exactly(&mut block)?;
        let mut crc = [0; 4];
        self.exactly(&mut crc)?;
        if checksum(length, &block) != u32::from_le_bytes(crc) {
            return Err(BlockError::Damaged("a checksum is wrong"));
        }
        (self.block, self.at) = (block, 0);
        Ok(())
    }

    fn exactly(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.from.read_exact(bytes).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => BlockError::Damaged("it is cut short"),
            _ => BlockError::Unreadable(e),
        })
    }

    /// As many things of `size` bytes as the block still has, but at most so many and at least one.
    fn some(&mut self, size: usize, most: usize) -> Result<&[u8]> {
        if self.at == self.block.len() {
            self.next_block()?;
        }
        let there = (self.block.len() - self.at) / size;
        let from = self.at;
        self.at += there.min(most) * size;
        if from == self.at {
            return Err(BlockError::Damaged("a block ends too early"));
        }
        Ok(&self.block[from..self.at])
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.some(N, 1)?);
        Ok(array)
    }

    pub(crate) fn word(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn long(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn count(&mut self) -> Result<usize> {
        usize::try_from(self.long()?).map_err(|_| BlockError::Damaged("a count is too large"))
    }

    /// So many things of `N` bytes each.
    pub(crate) fn many<const N: usize, T>(
        &mut self,
        count: usize,
        make: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        all.try_reserve_exact(count).map_err(|_| BlockError::Damaged("a count is too large"))?;
        while all.len() < count {
            let some = self.some(N, count - all.len())?;
            all.extend(some.as_chunks::<N>().0.iter().map(|bytes| make(*bytes)));
        }
        Ok(all)
    }

    pub(crate) fn words(&mut self) -> Result<Vec<u32>> {
        let count = self.count()?;
        self.many(count, u32::from_le_bytes)
    }

    /// Nothing must follow.
    pub(crate) fn end(mut self) -> Result<()> {
        let rest = self.block.len() - self.at;
        self.next_block()?;
        let more = self.from.read(&mut [0]).map_err(BlockError::Unreadable)?;
        if rest > 0 || !self.block.is_empty() || more > 0 {
            return Err(BlockError::Damaged("more is there than should be"));
        }
        Ok(())
    }
}
