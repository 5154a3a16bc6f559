//! The directory of divisions.
