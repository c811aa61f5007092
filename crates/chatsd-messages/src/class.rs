//! What an error comes to, whoever asked.

/// What an error comes to, whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// It was asked for in a way that makes no sense; asking again will not help.
    Usage,
    /// What was named is not there.
    NotFound,
    /// Something else stands in the way: another program, or a file of that name.
    Conflict,
    /// Not enough memory or disk.
    NoRoom,
    /// It may not be read or written.
    Forbidden,
    /// A file that cannot be used: damaged, or of a kind that is not known.
    Unusable,
    /// Another machine does not answer, or not as it should.
    Remote,
    /// Another machine asks for a pause.
    Limited,
    /// Somebody asked to stop: not a failure.
    Stopped,
    /// It could not be done.
    Failed,
}

impl ErrorClass {
    /// Every class.
    pub const ALL: [Self; 10] = [
        Self::Usage,
        Self::NotFound,
        Self::Conflict,
        Self::NoRoom,
        Self::Forbidden,
        Self::Unusable,
        Self::Remote,
        Self::Limited,
        Self::Stopped,
        Self::Failed,
    ];

    /// The exit code of a program that ends with it: 1 failed, 2 asked for wrongly, 130 stopped.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Stopped => 130,
            _ => 1,
        }
    }

    /// The status of an HTTP answer that tells it (RFC 9110; 429 RFC 6585, 507 RFC 4918).
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Usage => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict | Self::Stopped => 409,
            Self::Unusable => 422,
            Self::Limited => 429,
            Self::Failed => 500,
            Self::Remote => 502,
            Self::NoRoom => 507,
        }
    }
}
