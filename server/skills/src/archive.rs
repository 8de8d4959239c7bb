//! A skill as one file, a ZIP archive with its folder; equal skills make equal bytes.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::skill::Skill;

/// The bytes of the archive. They are stored as they are: texts of a few kilobytes.
///
/// # Errors
/// When the archive cannot be made, as of files too large for it.
pub fn pack(skill: &Skill) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for file in &skill.files {
        archive.start_file(format!("{}/{}", skill.folder, file.path), options)?;
        archive.write_all(&file.contents)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::embedded;

    #[test]
    fn equal_skills_make_equal_bytes() {
        let skill = &embedded()[0];
        let packed = pack(skill).expect("packs");
        assert_eq!(packed, pack(skill).expect("packs"));
        let mut archive = zip::ZipArchive::new(Cursor::new(&packed)).expect("opens");
        let mut first = archive.by_name(&format!("{}/SKILL.md", skill.folder)).expect("is there");
        let mut contents = Vec::new();
        std::io::Read::read_to_end(&mut first, &mut contents).expect("reads");
        assert_eq!(contents, skill.files[0].contents.as_ref());
    }
}
