"""An SMTP server for tests: Debian's aiosmtpd, whose mails are taken apart by Python's own email package.

    smtp_receiver.py none|starttls|tls [CERTIFICATE KEY [USER PASSWORD]]

Says on standard output, a JSON object per line, what happens: {"port"}, {"command", "arg", "tls"}, {"mail"}. On standard
input it takes {"faults": [...]}: each connection takes the next one, and none when they are used up.
"""
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

security, files, login = sys.argv[1], sys.argv[2:4], sys.argv[4:6]
faults = []


def say(**what):
    print(json.dumps(what), flush=True)


def taken_apart(envelope, tls):
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    defects = [repr(one) for part in mail.walk() for one in part.defects]
    defects += [repr(one) for value in mail.values() for one in getattr(value, "defects", [])]
    lines = envelope.content.split(b"\r\n")
    return {
        "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": tls, "type": mail.get_content_type(), "parts": parts,
        "headers": [[name, str(value)] for name, value in mail.items()], "defects": defects,
        "addresses": [one.addr_spec for one in mail["to"].addresses],
        "date": mail["date"].datetime.isoformat(), "longest_line": max(map(len, lines)),
        "bare_ends": envelope.content.replace(b"\r\n", b"").count(b"\n") + envelope.content.replace(b"\r\n", b"").count(b"\r"),
    }


class Handler:
    async def fault(self, server, stage):
        """Whether the server breaks off or falls silent here."""
        if server.fault == stage + "_reset":
            server.transport.abort()
            return True
        if server.fault == stage + "_hang":
            await asyncio.sleep(3600)
        return False

    def answer(self, server, stage):
        """mail_451, data_554: the code after the stage's name."""
        name, _, code = server.fault.partition("_")
        return f"{code} 5.0.0 not now" if name == stage and code.isdigit() else None

    async def handle_MAIL(self, server, session, envelope, address, options):
        await self.fault(server, "mail")
        envelope.mail_from = address
        return self.answer(server, "mail") or "250 2.1.0 fine"

    async def handle_RCPT(self, server, session, envelope, address, options):
        await self.fault(server, "rcpt")
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("grey@") and server.fault == "grey":
            return "451 4.7.1 greylisted"
        if answer := self.answer(server, "rcpt"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        say(arrived=True)
        answer = self.answer(server, "data")
        if not answer:
            say(mail=taken_apart(envelope, session.ssl is not None or security == "tls"))
        await self.fault(server, "data")
        return answer or "250 2.0.0 taken"


class Server(SMTP):
    fault = ""

    async def _handle_client(self):
        self.fault = self.fault or (faults.pop(0) if faults else "")
        if self.fault == "greeting_hang":
            await asyncio.sleep(3600)
        if self.fault == "greeting_reset":
            return self.transport.abort()
        if self.fault == "nonsense":
            await self.push("\x00\x01 hello " + "x" * 900)
        await super()._handle_client()

    async def push(self, status):
        if self.fault == "no_starttls" and "STARTTLS" in str(status):
            status = status.replace("STARTTLS", "XNOTHING")
        await super().push(status)


def commands_of(name):
    plain = getattr(SMTP, "smtp_" + name)

    async def wrapped(self, arg):
        say(command=name, arg="" if name == "AUTH" else arg, tls=self.session.ssl is not None or security == "tls")
        return await plain(self, arg)
    for key, value in vars(plain).items():
        setattr(wrapped, key, value)
    return wrapped


for verb in ("EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"):
    setattr(Server, "smtp_" + verb, commands_of(verb))


def authenticate(server, session, envelope, mechanism, data):
    good = [data.login.decode(), data.password.decode()] == login
    return AuthResult(success=good, handled=False)


def context():
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(*files)
    return made


async def main():
    loop = asyncio.get_running_loop()

    def make():
        extra = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": security == "starttls"} if login else {}
        if security == "starttls":
            extra |= {"tls_context": context(), "require_starttls": True}
        return Server(Handler(), hostname="mail.test", loop=loop, **extra)

    server = await loop.create_server(make, "127.0.0.1", 0, ssl=context() if security == "tls" else None)
    say(port=server.sockets[0].getsockname()[1])
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        faults[:] = json.loads(line)["faults"]
        say(ready=True)


asyncio.run(main())
