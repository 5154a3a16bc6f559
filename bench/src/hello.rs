//! The bare program: axum answers five letters and does nothing else.

use std::net::Ipv4Addr;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::Result;

/// Serves until the process is ended.
pub(crate) async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let router = Router::new().route("/", get(async || "hello"));
    println!("ready");
    axum::serve(listener, router).await?;
    Ok(())
}
