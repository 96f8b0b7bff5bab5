#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

#include "harness/kubernetes/api/testing.h"

namespace faultline::testing {
namespace {

template <auto function>
struct Free {
  template <class Object>
  void operator()(Object* object) const {
    function(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using X509Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

constexpr long day = 24 * 60 * 60;

void check(bool done) {
  if (!done) throw std::runtime_error("OpenSSL refused to make a certificate");
}

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Bio empty() { return Bio(BIO_new(BIO_s_mem())); }
Bio holding(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

void extend(X509* certificate, int what, const std::string& value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()));
  check(extension != nullptr);
  check(X509_add_ext(certificate, extension.get(), -1) == 1);
}

void set_name(X509_NAME* name, const std::string& text) {
  check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                                   0) == 1);
}

X509Certificate begin(EVP_PKEY* key, const std::string& name, long serial, long from, long to) {
  X509Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), to);
  X509_set_pubkey(certificate.get(), key);
  set_name(X509_get_subject_name(certificate.get()), name);
  return certificate;
}

Certificate finish(X509* certificate, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  check(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
  check(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
  const Bio text = empty(), key_text = empty();
  check(PEM_write_bio_X509(text.get(), certificate) == 1);
  check(PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {text_of(text), text_of(key_text)};
}

bool is_address(const std::string& host) {
  return host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

Certificate make_authority(const std::string& name, KeyKind kind) {
  const Key key(kind == KeyKind::rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
  const auto certificate = begin(key.get(), name, 1, -day, day);
  extend(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  return finish(certificate.get(), key.get(), certificate.get(), key.get());
}

Certificate make_certificate(const Certificate& authority, const CertificateWish& wish) {
  const Bio text = holding(authority.certificate), key_text = holding(authority.key);
  const X509Certificate issuer(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  const Key issuer_key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  check(issuer && issuer_key);
  const Key key(EVP_EC_gen("P-256"));
  const auto certificate = begin(key.get(), wish.host, 2, -2 * day, wish.expired ? -day : day);
  extend(certificate.get(), NID_subject_alt_name,
         (is_address(wish.host) ? "IP:" : "DNS:") + wish.host +
             (wish.also.empty() ? "" : ",DNS:" + wish.also));
  return finish(certificate.get(), key.get(), issuer.get(), issuer_key.get());
}

}  // namespace faultline::testing
