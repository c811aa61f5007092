//! Why fetching ends before all bytes are here.

use crate::{HubError, client::RequestError};

/// What ends the work before all is here.
pub(super) enum Abort {
    Changed,
    Stopped,
    Failed(HubError),
}

/// Why bytes did not come.
pub(super) enum BlockError {
    Request(RequestError),
    Abort(Abort),
}

impl From<RequestError> for BlockError {
    fn from(failure: RequestError) -> Self {
        Self::Request(failure)
    }
}

impl From<Abort> for BlockError {
    fn from(abort: Abort) -> Self {
        Self::Abort(abort)
    }
}

impl From<HubError> for BlockError {
    fn from(error: HubError) -> Self {
        Self::Abort(Abort::Failed(error))
    }
}
