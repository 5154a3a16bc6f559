//! The two signatures that nearly every certificate carries, by RustCrypto or, with the feature `aws`, by aws-lc-rs.
//! Both say the same; the tests hold for each.

pub(crate) use imp::{P256, Rsa};

#[cfg(not(feature = "aws"))]
mod imp {
    use p256::ecdsa::signature::Verifier as _;
    use p256::ecdsa::{Signature, VerifyingKey};
    use rsa::RsaPublicKey;

    /// A key on P-256, ready for use.
    #[derive(Clone, Debug)]
    pub(crate) struct P256(VerifyingKey);

    impl P256 {
        pub(crate) fn new(point: &[u8]) -> Option<Self> {
            VerifyingKey::from_sec1_bytes(point).ok().map(Self)
        }

        pub(crate) const fn plain(&self) -> &VerifyingKey {
            &self.0
        }

        pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
            Signature::from_slice(signature).is_ok_and(|s| self.0.verify(message, &s).is_ok())
        }
    }

    /// An RSA key, ready for use.
    #[derive(Clone, Debug)]
    pub(crate) struct Rsa(RsaPublicKey);

    impl Rsa {
        pub(crate) const fn new(key: RsaPublicKey, _pkcs1: &[u8]) -> Self {
            Self(key)
        }

        pub(crate) const fn plain(&self) -> &RsaPublicKey {
            &self.0
        }

        /// Nothing is faster here.
        pub(crate) const fn pss_sha256(&self, _message: &[u8], _signature: &[u8]) -> Option<bool> {
            None
        }
    }
}

#[cfg(feature = "aws")]
mod imp {
    use std::sync::Arc;

    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PSS_2048_8192_SHA256, VerificationAlgorithm,
    };
    use p256::ecdsa::VerifyingKey;
    use rsa::RsaPublicKey;

    /// A key on P-256, ready for use in both libraries.
    #[derive(Clone, Debug)]
    pub(crate) struct P256(VerifyingKey, Arc<ParsedPublicKey>);

    impl P256 {
        pub(crate) fn new(point: &[u8]) -> Option<Self> {
            let key = VerifyingKey::from_sec1_bytes(point).ok()?;
            let uncompressed = key.to_sec1_point(false);
            let fast = parsed(&ECDSA_P256_SHA256_FIXED, uncompressed.as_bytes())?;
            Some(Self(key, fast))
        }

        pub(crate) const fn plain(&self) -> &VerifyingKey {
            &self.0
        }

        pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
            self.1.verify_sig(message, signature).is_ok()
        }
    }

    /// An RSA key, ready for use in both libraries.
    #[derive(Clone, Debug)]
    pub(crate) struct Rsa(RsaPublicKey, Option<Arc<ParsedPublicKey>>);

    impl Rsa {
        pub(crate) fn new(key: RsaPublicKey, pkcs1: &[u8]) -> Self {
            Self(key, parsed(&RSA_PSS_2048_8192_SHA256, pkcs1))
        }

        pub(crate) const fn plain(&self) -> &RsaPublicKey {
            &self.0
        }

        /// RSASSA-PSS with SHA-256, if this key can be used for it here.
        pub(crate) fn pss_sha256(&self, message: &[u8], signature: &[u8]) -> Option<bool> {
            self.1.as_ref().map(|fast| fast.verify_sig(message, signature).is_ok())
        }
    }

    fn parsed(
        algorithm: &'static dyn VerificationAlgorithm,
        key: &[u8],
    ) -> Option<Arc<ParsedPublicKey>> {
        ParsedPublicKey::new(algorithm, key).ok().map(Arc::new)
    }
}
