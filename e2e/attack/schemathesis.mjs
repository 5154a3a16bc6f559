// Shows: requests made up from the API document, by the rules and against them, as each role of the
// demo, never get a 5xx, a status, a media type or a shape that the document does not name.
// Run: python3 -m venv /tmp/st && /tmp/st/bin/pip install schemathesis
//      SCHEMATHESIS=/tmp/st/bin/schemathesis node e2e/attack/schemathesis.mjs [role …]
// Loopback only; EXAMPLES (10) per operation, some minutes a role. Roles as on /demo; `nobody` is signed out.
import { spawn } from 'node:child_process';
import { killAll, start } from '../harness.mjs';

const TOOL = process.env.SCHEMATHESIS ?? 'schemathesis';
const EXAMPLES = Math.min(Number(process.env.EXAMPLES ?? 10), 200);
// Not checked: that whatever has the right form is accepted. What a form cannot say (a check digit, a
// place that exists, a day that has not passed) is refused with 422 on purpose; and "DELETE
// /v1/session" signs the role out.
const CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method,negative_data_rejection';

const env = { JADEGATE_LIMITS__REQUESTS_PER_SECOND: '1000000', JADEGATE_LIMITS__OTP_PER_CLIENT_HOUR: '1000000' };
let failed = 0;

async function role(who) {
  // Each role has a town of its own: what one breaks in it is not the next one's.
  const server = await start(['demo', '--people', '60', '--seed', '4', '--port', '0'], /Holder {3}(http:\/\/localhost:\d+)/, env);
  try {
    const url = server.found[1];
    const headers = [];
    if (who !== 'nobody') {
      const answer = await fetch(`${url}/demo/enter`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ as: who }),
      });
      if (!answer.ok) throw new Error(`nobody is ${who}: ${await answer.text()}`);
      headers.push('-H', `Cookie: ${answer.headers.get('set-cookie').split(';')[0]}`);
    }
    const args = [
      'run', `${url}/openapi.json`, '--url', url, ...headers, '--checks', CHECKS, '--exclude-path-regex', '^/v1/(staff/)?session$', '--phases', 'examples,coverage,fuzzing',
      '-n', String(EXAMPLES), '--seed', '1', '--generation-database', 'none', '--continue-on-failure', '--no-color', '--warnings', 'off',
    ];
    const run = spawn(TOOL, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    run.stdout.on('data', (d) => (said += d));
    const code = await new Promise((done, fail) => {
      run.on('close', done);
      run.on('error', fail);
    });
    console.log(`== ${who}: ${code === 0 ? 'no violation' : 'violations'}`);
    if (code !== 0) {
      failed += 1;
      console.log(said);
    }
    await server.stop();
  } finally {
    killAll();
  }
}

const roles = process.argv.slice(2);
for (const who of roles.length > 0 ? roles : ['nobody', 'holder:green', 'holder:case', 'officer', 'commissioner', 'lab', 'hospital', 'venue', 'border', 'carrier', 'admin']) await role(who);
process.exitCode = failed === 0 ? 0 : 1;
