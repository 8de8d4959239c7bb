//! Charts over blocks and a tail against the rows they were made of.

mod charts;
mod codec;
mod damage;
mod kept;
mod oracle;
mod tail;
mod track;
