"""Known answers of tokens, keys and Hawk, by Python's own hmac and hashlib alone: python3 vectors.py > Vectors.json"""

import base64
import hashlib
import hmac
import json


def sha256(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def hkdf(secret, salt, info, length):
    """RFC 5869."""
    key, block, out = sha256(salt or bytes(32), secret), b"", b""
    while len(out) < length:
        block = sha256(key, block + info + bytes([len(out) // 32 + 1]))
        out += block
    return out[:length]


def token(secret, payload, salt):
    """tokenlib: what the client sends as id, and the key that it signs with."""
    signing = hkdf(secret.encode(), b"", b"services.mozilla.com/tokenlib/v1/signing", 32)
    token_id = base64.urlsafe_b64encode(payload.encode() + sha256(signing, payload.encode())).decode()
    key = hkdf(secret.encode(), salt.encode(), b"services.mozilla.com/tokenlib/v1/derive/" + token_id.encode(), 32)
    return {"secret": secret, "payload": payload, "salt": salt, "id": token_id, "key": base64.urlsafe_b64encode(key).decode()}


def hawk(key, method, target, host, port, ts, nonce, body_hash="", ext=""):
    text = "\n".join(["hawk.1.header", str(ts), nonce, method, target, host, str(port), body_hash, ext, ""])
    return {
        "key": key, "method": method, "target": target, "host": host, "port": port, "ts": ts, "nonce": nonce, "hash": body_hash, "ext": ext,
        "mac": base64.b64encode(sha256(key.encode(), text.encode())).decode(),
    }


def ids(secret, fxa_uid):
    hashed = sha256(secret.encode(), fxa_uid.encode()).hex()[:32]
    return {
        "secret": secret, "fxa_uid": fxa_uid, "hashed_fxa_uid": hashed,
        "hashed_device_id": sha256(secret.encode(), (hashed + "none").encode()).hex()[:32],
    }


def kid(changed, state):
    text = base64.urlsafe_b64encode(bytes.fromhex(state)).decode().rstrip("=")
    return {"keys_changed_at": changed, "client_state": state, "x_key_id": f"{changed}-{text}", "fxa_kid": f"{changed:013}-{text}"}


tokens = [
    token("0123456789abcdef0123456789abcdef", json.dumps({
        "node": "https://sync.example.org", "fxa_kid": "0001795306919-E0aImmf9uCb9xwRqp_qbpQ", "fxa_uid": "a1b2", "hashed_device_id": "d",
        "hashed_fxa_uid": "h", "expires": 4102444800, "uid": 7, "tokenserver_origin": "rust", "salt": "4f2a1b"}), "4f2a1b"),
    token("ein Geheimnis mit ä und mehr als 32 Zeichen", '{"uid":1234567890,"salt":"000000","expires":1388635807.5}', "000000"),
]
print(json.dumps({
    "tokens": tokens,
    "hawk": [
        hawk(tokens[0]["key"], "GET", "/1.5/7/info/collections", "sync.example.org", 443, 1795306919, "j4h3g2"),
        hawk(tokens[0]["key"], "POST", "/sync/1.5/7/storage/bookmarks?batch=true&commit=true&x=%2c,=", "10.0.0.7", 8888, 1795306919, "n", "vE5/pc3Kow==", "some-app-ext"),
    ],
    "ids": [ids("a secret for measurements", "19971824fbb169db79296af1d8e8e928"), ids("ein Geheimnis mit ä", "a1b2")],
    "kids": [
        kid(1795306919696, "1346889a67fdb826fdc7046aa7fa9ba5"), kid(1234, "ff" * 16), kid(0, "00ff10"), kid(17953069196960, ""),
    ],
}, indent=2, ensure_ascii=False))
