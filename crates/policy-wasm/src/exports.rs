//! What a browser calls. One text buffer is shared with the page:
//!
//! 1. `reserve(length)` makes room for a request and says where;
//! 2. the page writes the request there;
//! 3. `run()` answers it and says how long the answer is;
//! 4. the page reads the answer at `address()`.
//!
//! The buffer belongs to Rust all the time; the page only reads and writes bytes of the module's own
//! memory while no function runs. So nothing here is unsafe but the names.

#![expect(unsafe_code, reason = "exporting a function by its name counts as unsafe")]

use std::cell::RefCell;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for a request of so many bytes; where it is to be written.
#[unsafe(no_mangle)]
extern "C" fn reserve(length: usize) -> *mut u8 {
    BUFFER.with_borrow_mut(|b| {
        b.clear();
        b.resize(length, 0);
        b.as_mut_ptr()
    })
}

/// Answers the request in the buffer, which the answer replaces; its length in bytes.
#[unsafe(no_mangle)]
extern "C" fn run() -> usize {
    BUFFER.with_borrow_mut(|b| {
        *b = crate::answer(b);
        b.len()
    })
}

/// Where the answer is.
#[unsafe(no_mangle)]
extern "C" fn address() -> *const u8 {
    BUFFER.with_borrow(Vec::as_ptr)
}
