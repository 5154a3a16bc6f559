//! The tests of this crate from outside, in one binary: linking one takes seconds, one for each file takes minutes.
//! A new file is named here.

mod authors;
mod changes;
mod clock;
mod common;
mod crowd;
mod damaged_files;
mod door;
mod files_as_brought;
mod gate_scans;
mod history_staff;
mod holder_side;
mod import_memory;
mod imports;
mod late_data;
mod left_out;
mod log_name;
mod looks;
mod mass;
mod moved;
mod numbering;
mod own_records;
mod people;
mod powers;
mod proof;
mod real_data;
mod replay_regions;
mod ride_withdrawals;
mod rides;
mod saved_index;
mod set_aside;
mod sign_in;
mod staff_cases;
mod standing;
mod trace_jobs;
mod withdraw;
