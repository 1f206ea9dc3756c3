import assert from 'node:assert/strict'
import { test } from 'node:test'
import { originOf } from './origins.ts'

test('an origin is normalized to the form that browsers send', () => {
  for (const [given, origin] of [
    ['https://app.example.com', 'https://app.example.com'],
    ['https://app.example.com/', 'https://app.example.com'],
    ['HTTPS://App.Example.COM:443', 'https://app.example.com'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://localhost:80', 'http://localhost'],
    ['https://my_team.example.com', 'https://my_team.example.com'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['http://127.0.0.1:4242', 'http://127.0.0.1:4242'],
    ['http://[::1]:4242', 'http://[::1]:4242'],
    ['http://[0:0:0:0:0:0:0:1]', 'http://[::1]'],
  ] as const)
    assert.equal(originOf(given), origin, given)
})

test('a text that no browser sends as an origin is not an origin', () => {
  for (const given of [
    '',
    'null',
    '*',
    'app.example.com',
    '//app.example.com',
    'https://',
    'https://*.example.com',
    'https://app.example.com.',
    'https://app.example.com/path',
    'https://app.example.com//',
    'https://app.example.com?',
    'https://app.example.com#',
    'https://ann:secret@app.example.com',
    'https://app.example.com:99999',
    'https://app.example.com,https://b.example.com',
    'https://app.example.com https://b.example.com',
    ' https://app.example.com',
    'https://app.exa\tmple.com',
    'https:\\\\app.example.com',
    'https://a%2fb.example.com',
    'ftp://app.example.com',
    'file:///etc/passwd',
    'chrome-extension://abcdefgh',
    'javascript:alert(1)',
  ])
    assert.equal(originOf(given), null, given)
})
