using System.Text;
using System.Text.Json;
using Lockstep.Gateway.FirefoxAccounts.Tests;
using Npgsql;

namespace Lockstep.EndToEnd;

/// <summary>The program as it is shipped, after somebody has done with an account all that there is to do: no secret of it is in its log, its traces, its mails or its database.</summary>
public sealed class CanaryTests : IAsyncLifetime
{
    private const string Email = "ann@example.org";
    private readonly TemporaryDirectory program = new();
    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync()
    {
        program.Dispose();
        await storage.DisposeAsync();
    }

    [Fact]
    public async Task Server_AfterAllThatCanBeDoneWithAnAccount_HasWrittenNoSecret()
    {
        var canaries = new Canaries();
        await using var mails = new SmtpReceiver();
        await using var receiver = await OtlpReceiver.StartAsync();
        await PrepareAsync(canaries, mails, receiver);
        var (server, address) = await ServerProcess.StartUnreadAsync(storage, program.Path);
        string log;
        using (server)
        {
            var reading = ReadAsync(server);
            using var client = new AccountClient(address, TimeProvider.System);
            await LiveAsync(new AccountHolder(client, mails, canaries, Email), canaries);

            // A private key has the modulus in it, however it is written; the public one is not stored.
            foreach (var key in (await client.GetAsync("/auth/v1/jwks")).Ok().Json.GetProperty("keys").EnumerateArray())
            {
                canaries.Bytes("signing key", Modulus(key)[..64]);
            }

            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            log = await reading + server.Output;
        }

        var (database, mailed) = (await DumpAsync(), string.Concat(mails.Texts).Replace("=\r\n", "", StringComparison.Ordinal));
        Assert.Empty(canaries.In(database));
        Assert.Empty(canaries.In(Encoding.UTF8.GetBytes(log)));
        Assert.Empty(canaries.In(receiver.Bytes));
        Assert.Equal([AccountHolder.MailedCode], canaries.In(Encoding.UTF8.GetBytes(mailed)));

        // All of that is what it is taken for.
        Assert.True(database.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Email)) >= 0);
        Assert.Contains("Connection id", log, StringComparison.Ordinal);
        Assert.Contains(receiver.Spans, static span => span.Contains("http.route=/auth/v1/account/login", StringComparison.Ordinal));
    }

    private async Task PrepareAsync(Canaries canaries, SmtpReceiver mails, OtlpReceiver receiver)
    {
        (string Name, string Value)[] settings =
        [
            ("FIREFOX_ACCOUNTS__MODE", "On"), ("FIREFOX_ACCOUNTS__REGISTRATION", "Invitation"), ("FIREFOX_ACCOUNTS__KEY", canaries.Text("key of the server", AccountClient.RandomHex(32))),
            ("FIREFOX_ACCOUNTS__SMTP__HOST", "127.0.0.1"), ("FIREFOX_ACCOUNTS__SMTP__PORT", $"{mails.Port}"), ("FIREFOX_ACCOUNTS__SMTP__SECURITY", "none"),
            ("FIREFOX_ACCOUNTS__SMTP__FROM", "accounts@example.org"), ("SYNCTO__ENABLED", "true"),
            ("TELEMETRY__OTLP_ENDPOINT", receiver.Address), ("TELEMETRY__PROTOCOL", "http/protobuf"), ("TELEMETRY__TRACE_RATIO", "1"),
        ];
        foreach (var (name, value) in settings)
        {
            storage.Environment["LOCKSTEP_" + name] = value;
        }

        await ProgramCopy.MakeAsync(program.Path, """{"Logging":{"LogLevel":{"Default":"Trace"},"Console":{"LogLevel":{"Microsoft.AspNetCore.Hosting.Diagnostics":"Trace"}}}}""");
    }

    private async Task LiveAsync(AccountHolder holder, Canaries canaries)
    {
        const string first = "correct horse battery 1";
        await holder.SignUpAsync(first, await PrintedAsync("invitation", "invite"));
        await holder.SignInAsync(isSecond: false);
        await holder.UseOtherProtocolsAsync(first);
        await holder.SyncAsync();
        await holder.SetUpSecondFactorAsync();
        await holder.SignInAsync();
        await holder.ChangePasswordAsync("correct horse battery 2");
        await holder.ForgetPasswordAsync("correct horse battery 3", "correct horse battery 4");
        await holder.ExportAsync();
        await PrintedAsync("invitation", "invite");
        await holder.LeaveAllOpenAsync(await PrintedAsync("link", "reset-link", Email));
        await PrintedAsync("link", "reset-link", Email);

        async Task<string> PrintedAsync(string name, params string[] command)
        {
            var (code, output) = await ServerProcess.RunAsync(["firefox-accounts", .. command, "--data-directory", storage.Directory], environment: storage.Environment);
            Assert.True(code == 0, output);
            return canaries.Text(name, output.Trim().Split('=')[^1]);
        }
    }

    /// <summary>Everything that is stored: the files, or the rows of all tables.</summary>
    private async Task<byte[]> DumpAsync()
    {
        var dump = new MemoryStream();
        if (storage.Connection is null)
        {
            foreach (var file in Directory.GetFiles(storage.Directory, "*", SearchOption.AllDirectories))
            {
                dump.Write(await File.ReadAllBytesAsync(file));
            }

            return dump.ToArray();
        }

        await using var connection = new NpgsqlConnection(storage.Connection);
        await connection.OpenAsync();
        foreach (var table in await ReadAsync(connection, "SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"))
        {
            foreach (var row in await ReadAsync(connection, $"SELECT r::text FROM {table} r"))
            {
                dump.Write(Encoding.UTF8.GetBytes(row + "\n"));
            }
        }

        return dump.ToArray();
    }

    private static async Task<List<string>> ReadAsync(NpgsqlConnection connection, string statement)
    {
        var rows = new List<string>();
        await using var command = new NpgsqlCommand(statement, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    private static async Task<string> ReadAsync(ServerProcess server)
    {
        var log = new StringBuilder();
        while (await server.ReadLineAsync() is { } line)
        {
            // As JSON has what is in base64.
            log.AppendLine(line.Replace("\\u002B", "+", StringComparison.OrdinalIgnoreCase).Replace("\\u0026", "&", StringComparison.Ordinal));
        }

        return log.ToString();
    }

    private static byte[] Modulus(JsonElement key)
    {
        var text = key.GetProperty("n").GetString()!.Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
    }
}
