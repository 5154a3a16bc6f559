//! Text files as people bring them, read line by line and within bounds.
//!
//! A line ends where an editor shows its end (`\n`, `\r\n`, `\r`, or the end of the file) and has the
//! number an editor shows. [`TextLines`] finds the lines; [`Table`] takes each of them for one record
//! of a CSV file by itself. So nothing that is wrong with one line can reach another: a quotation mark
//! that is never closed spoils its own line and no more. A record that spans lines is therefore not
//! read; each of its lines is told as wrong.
//!
//! Files in UTF-16 and in GB18030 are read as what they are (`alphabet`).
//!
//! What is kept in memory is one line and one block of the file, whatever the file is.

mod alphabet;
mod error;
mod limits;
mod table;
mod text;

pub use error::FileError;
pub use limits::{HOPELESS, Limits};
pub use table::{LineFault, Record, Row, Table};
pub use text::{TextLine, TextLines};
