//! Templates of user-data.
