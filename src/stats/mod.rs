//! Pure mathematics on numbers and slices; knows nothing of logs, accounts or findings.

pub mod bootstrap;
pub mod chernoff;
pub mod communities;
pub mod components;
pub mod entropy;
pub mod multiple;
pub mod overlap;
pub mod point;
pub mod quantile;
pub mod random;
pub mod rewire;
pub mod tail;
