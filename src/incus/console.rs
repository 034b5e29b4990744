//! The console log of an instance: what its first process wrote before anything else could be asked.

use reqwest::Method;
use tokio::time::timeout;

use super::asked::Asked;
use super::client::Client;
use super::error::Result;
use super::location::{Object, ProjectName};

impl Client {
    /// The last `limit` bytes of an instance's console log; empty where there is none. The guest wrote them.
    ///
    /// Of a container that runs, the daemon tells only what came since it was last asked; of one that is stopped, all.
    ///
    /// # Errors
    /// Whatever the daemon says.
    pub async fn console_log(&self, project: &ProjectName, instance: &str, limit: usize) -> Result<Vec<u8>> {
        let object = Object::instance(project, instance);
        let asked = Asked::new("read", &format_args!("the console log of {object}"));
        let request = self.request(&asked, Method::GET, &object.request().below("console").with("type", "log"))?;
        let exchange = async {
            let Some(mut response) = self.fetch(&asked, &object, request).await? else { return Ok(Vec::new()) };
            let mut kept = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| asked.broken(error))? {
                kept.extend_from_slice(&chunk);
                let surplus = kept.len().saturating_sub(limit);
                kept.drain(..surplus);
            }
            Ok(kept)
        };
        timeout(self.limits.read, exchange).await.map_err(|_| asked.timed_out(self.limits.read))?
    }
}
