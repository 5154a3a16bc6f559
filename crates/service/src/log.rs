//! Leaves of the public log: what happened, so that it cannot be unsaid, without saying to whom.

use jadegate_domain::{Evidence, PolicyRef, Timestamp};

use crate::error::{Result, ServiceError};
use crate::keys::Keys;

