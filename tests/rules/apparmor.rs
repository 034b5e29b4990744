//! AppArmor profiles.
