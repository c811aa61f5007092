//! The limits of this machine, measured.
