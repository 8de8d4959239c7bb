//! Plans and looks at datasets: as whom the Hub is asked, and on which threads.
//!
//! The Hub may answer slowly, so nothing else waits on these threads. The server's own token is shown to the Hub only for
//! callers who may do anything here: whoever may read or write learns what anybody may learn.

use actix_web::HttpRequest;
use paceline_advice::{AdviceFault, Adviser, Speech};
use paceline_hub::remote::Account;
use paceline_query::Engine;
use paceline_schema::Scope;
use paceline_schema::env::HF_HUB_OFFLINE;

use crate::access::scope_of;
use crate::error::ApiError;
use crate::state::AppState;

impl AppState {
    /// Asks an adviser, who knows the Hub as the caller of `request` may; without a request, as the owner of the files.
    ///
    /// # Errors
    /// Those of `question` and of the pool.
    pub(crate) async fn advise<T: Send + 'static>(
        &self,
        request: Option<&HttpRequest>,
        question: impl FnOnce(&Adviser) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let is_admin = match request {
            Some(request) => scope_of(request)? >= Some(Scope::Admin),
            None => true,
        };
        let engine = self.engine_of_advice();
        self.outside.run(move || question(&adviser(engine, is_admin)?)).await
    }
}

fn adviser(engine: Engine, is_admin: bool) -> Result<Adviser, ApiError> {
    let is_offline = std::env::var(HF_HUB_OFFLINE).is_ok_and(|value| !matches!(value.as_str(), "" | "0"));
    let account = Account::of_this_process().map_err(|fault| ApiError::from(AdviceFault::from(fault)))?;
    let account = if is_admin { account } else { account.without_token() };
    Ok(Adviser { engine: Some(engine), hub: (!is_offline).then_some(account), speech: Speech::Fields })
}

impl From<AdviceFault> for ApiError {
    fn from(fault: AdviceFault) -> Self {
        Self::new(fault.code(), fault.to_string()).with_hint(fault.hint_of_fields())
    }
}
