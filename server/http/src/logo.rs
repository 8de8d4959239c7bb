//! The picture of this program, where pages from elsewhere look for pictures that come with the tracker.

use actix_web::HttpResponse;

/// Where the peer's pages look for its pictures.
const PEERS_PICTURES: &str = "/static/trackio/";
/// Addresses of the pictures with the name, for light and for dark ground; the peer's.
pub(crate) const LIGHT: &str = "/static/trackio/trackio_logo_type_light_transparent.png";
pub(crate) const DARK: &str = "/static/trackio/trackio_logo_type_dark_transparent.png";
const MARK: &str = include_str!("../../dashboard/public/icon.svg");
const INK_ON_LIGHT: &str = "#15181e";
const INK_ON_DARK: &str = "#eceef1";

/// Answers an address of a picture; a browser goes by the media type, not by the ending of the name.
pub(crate) fn answer(path: &str) -> Option<HttpResponse> {
    let picture = match path.strip_prefix(PEERS_PICTURES) {
        Some(name) if name.contains("type") => {
            with_name(if name.contains("dark") { INK_ON_DARK } else { INK_ON_LIGHT })
        }
        Some(_) => MARK.to_owned(),
        None if path == "/icon.svg" => MARK.to_owned(),
        None => return None,
    };
    Some(HttpResponse::Ok().content_type("image/svg+xml").body(picture))
}

/// The mark with the name beside it.
fn with_name(ink: &str) -> String {
    let mark = MARK.replacen("<svg ", "<svg width=\"32\" height=\"32\" ", 1);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"320\" height=\"80\" viewBox=\"0 0 160 40\">\
         <g transform=\"translate(4 4)\">{mark}</g>\
         <text x=\"46\" y=\"28\" fill=\"{ink}\" font-family=\"Inter, Helvetica, Arial, sans-serif\" \
         font-size=\"23\" font-weight=\"600\">Paceline</text></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_stands_out_from_its_ground() {
        assert_ne!(with_name(INK_ON_LIGHT), with_name(INK_ON_DARK));
        assert!(answer(LIGHT).is_some() && answer(DARK).is_some() && answer("/icon.svg").is_some());
        assert!(answer("/static/other.png").is_none());
    }
}
