<?php

declare(strict_types=1);

// begin mint
function imgfcgi_mint(string $key, string $site, string $path, string $text): string
{
    [$number, $hex] = explode(':', trim($key)); // a line of the key file
    $id = chr((int) $number);
    $main = sodium_hex2bin($hex);
    $cipher = sodium_crypto_kdf_derive_from_key(32, 1, 'imgfcgi1', $main);
    $mac = sodium_crypto_kdf_derive_from_key(32, 2, 'imgfcgi1', $main);
    $bound = "imgfcgi1\0" . $id . "\0" . $site . "\0" . $path;
    $seed = "\1" . $id . pack('P', strlen($bound)) . $bound . $text;
    $nonce = sodium_crypto_generichash($seed, $mac, 24);
    $box = sodium_crypto_aead_xchacha20poly1305_ietf_encrypt($text, $bound, $nonce, $cipher);
    return sodium_bin2base64("\1" . $id . $nonce . $box, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING);
}
// end mint

// php mint.php KEYFILE SITE PATH TEXT
if (realpath($argv[0]) === __FILE__) {
    if ($argc !== 5) {
        fwrite(STDERR, "usage: php mint.php KEYFILE SITE PATH TEXT\n");
        exit(2);
    }
    $keys = preg_grep('/^[0-9]+:/', (array) file($argv[1]));
    if (!$keys) {
        fwrite(STDERR, "no key in $argv[1]\n");
        exit(1);
    }
    echo imgfcgi_mint(reset($keys), $argv[2], $argv[3], $argv[4]), "\n";
}
