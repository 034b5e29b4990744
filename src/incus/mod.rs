//! A client of the Incus REST API.
