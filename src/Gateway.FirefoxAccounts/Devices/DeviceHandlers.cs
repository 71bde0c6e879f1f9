using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.FirefoxAccounts.OAuth;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.Devices;

/// <summary>
/// Devices of an account, and the commands that they send each other. A device belongs to the session or refresh token that it signs in with. Nothing is
/// pushed to devices: they are told that push has expired, and so they poll.
/// </summary>
internal sealed class DeviceHandlers(IKeyedAccountStore store, FirefoxAccountOptions options, AuditLog audit, TimeProvider time)
{
    private const int IdBytes = 16;
    private const int MaxNameLength = 255;
    private const int MaxCommands = 20;
    private const int MaxPayloadLength = 32 << 10;
    private const int MaxListed = 100;
    private static readonly TimeSpan CommandLifetime = TimeSpan.FromDays(30);
    private static readonly AccountTokenKind[] OfClients = [AccountTokenKind.Session, AccountTokenKind.Refresh];

    public async ValueTask<Answer> PutAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        // :: Step 1: which device it is.
        var fields = request.Fields;
        var id = fields.Optional("id", 2 * IdBytes);
        if (id is not null && !TokenSecret.IsHex(id, IdBytes))
        {
            fields.Fail("id", "");
        }

        if (fields.Error is { } bad)
        {
            return AccountAnswers.Of(bad);
        }

        var devices = await store.ListDevicesAsync(request.Account.Account.Number, cancellationToken);
        var own = devices.FirstOrDefault(device => IsOf(device, request.Token));
        var known = id is null ? own : devices.FirstOrDefault(device => string.Equals(device.Id, id, StringComparison.Ordinal));
        if (id is not null && known is null)
        {
            return AccountAnswers.Of(AccountError.UnknownDevice);
        }

        if (own is not null && known is not null && !string.Equals(own.Id, known.Id, StringComparison.Ordinal))
        {
            return AccountAnswers.Of(AccountError.DeviceConflict);
        }

        // :: Step 2: what it says about itself.
        var data = known is null ? DeviceData.New(request.Token.Kind == AccountTokenKind.Refresh ? "mobile" : "desktop") : DeviceData.Read(known.Data);
        data = data with
        {
            Name = fields.Optional("name", MaxNameLength) ?? data.Name,
            Type = fields.Optional("type", 16) ?? data.Type,
            Commands = ReadCommands(fields) ?? data.Commands,
            PushCallback = fields.Optional("pushCallback", 255) ?? data.PushCallback,
            PushPublicKey = fields.Optional("pushPublicKey", 128) ?? data.PushPublicKey,
            PushAuthKey = fields.Optional("pushAuthKey", 64) ?? data.PushAuthKey,
        };
        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        var text = data.Write();
        if (Encoding.UTF8.GetByteCount(text) > options.MaxDeviceBytes)
        {
            return AccountAnswers.Of(AccountError.Invalid("availableCommands"));
        }

        var device = new AccountDevice(
            known?.Id ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), request.Account.Account.Number, request.Token.Digest, text,
            known?.Created ?? ServerTimestamp.Now(time));
        if (!await store.PutDeviceAsync(device, cancellationToken))
        {
            return AccountAnswers.Of(AccountError.NoCredential);
        }

        if (known is null)
        {
            audit.Done(request.Account.Uid, AuditEvents.DeviceAdded, request);
        }

        return AccountAnswers.Object(writer => WriteMembers(writer, device, request.Token, ServerTimestamp.Now(time)));
    }

    public async ValueTask<Answer> ListAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var number = request.Account.Account.Number;
        var idle = long.TryParse(request.Query("filterIdleDevicesTimestamp"), NumberStyles.None, CultureInfo.InvariantCulture, out var since) ? since : 0;
        var devices = await store.ListDevicesAsync(number, cancellationToken);
        var used = (await store.ListTokensAsync(number, OfClients, ServerTimestamp.Now(time), cancellationToken)).ToDictionary(static token => token.Digest, static token => token.Used, StringComparer.Ordinal);
        return AccountAnswers.Array(writer =>
        {
            foreach (var device in devices)
            {
                // A device whose token has ended counts as gone.
                if (used.TryGetValue(device.Token, out var last) && (last.Milliseconds >= idle || IsOf(device, request.Token)))
                {
                    writer.WriteStartObject();
                    WriteMembers(writer, device, request.Token, last);
                    writer.WriteEndObject();
                }
            }
        });
    }

    /// <summary>Ends the token that the device signs in with, and everything else that came from the same sign-in.</summary>
    public async ValueTask<Answer> DestroyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var id = request.Fields.Text("id", 2 * IdBytes);
        if (request.Fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        var number = request.Account.Account.Number;
        if ((await store.ListDevicesAsync(number, cancellationToken)).FirstOrDefault(device => string.Equals(device.Id, id, StringComparison.Ordinal)) is not { } device)
        {
            return AccountAnswers.Of(AccountError.UnknownDevice);
        }

        await store.RemoveFamilyAsync(number, device.Token, cancellationToken);
        audit.Done(request.Account.Uid, AuditEvents.DeviceRemoved, request);
        return AccountAnswers.Empty;
    }

    /// <summary>Checks the request and does nothing, since there is no push.</summary>
    public static ValueTask<Answer> NotifyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        if (!request.Fields.Has("to"))
        {
            return new(AccountAnswers.Of(AccountError.Missing("to")));
        }

        request.Fields.Raw("payload", JsonValueKind.Object);
        return new(request.Fields.Error is { } error ? AccountAnswers.Of(error) : AccountAnswers.Empty);
    }

    public async ValueTask<Answer> InvokeAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var target = fields.Text("target", 2 * IdBytes);
        var command = fields.Text("command", 255);
        var payload = fields.Raw("payload", JsonValueKind.Object);
        var ttl = fields.Number("ttl", 0, int.MaxValue);
        if (payload is null)
        {
            fields.Fail("payload", 0);
        }
        else if (payload.Value.GetRawText().Length > MaxPayloadLength)
        {
            fields.Fail("payload", 0);
        }

        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        var number = request.Account.Account.Number;
        var devices = await store.ListDevicesAsync(number, cancellationToken);
        if (devices.FirstOrDefault(device => string.Equals(device.Id, target, StringComparison.Ordinal)) is not { } device)
        {
            return AccountAnswers.Of(AccountError.UnknownDevice);
        }

        if (!DeviceData.Read(device.Data).Commands.ContainsKey(command))
        {
            return AccountAnswers.Of(AccountError.NoSuchCommand);
        }

        var sender = devices.FirstOrDefault(one => IsOf(one, request.Token))?.Id;

        // The payload stays as it came: it is for the other device alone.
        var data = $$"""{"command":{{JsonSerializer.Serialize(command)}},"payload":{{payload!.Value.GetRawText()}},"sender":{{JsonSerializer.Serialize(sender)}}}""";
        var lifetime = TimeSpan.FromSeconds(Math.Min(ttl ?? long.MaxValue, (long)CommandLifetime.TotalSeconds));
        return await store.AddCommandAsync(number, target, data, options.MaxCommands, options.MaxCommandBytes, ServerTimestamp.Now(time).Plus((long)lifetime.TotalMilliseconds), cancellationToken)
            ? AccountAnswers.Object(static writer =>
            {
                writer.WriteBoolean("enqueued", true);
                writer.WriteBoolean("notified", false);
                writer.WriteString("notifyError", "no push callback");
            })
            : AccountAnswers.Of(AccountError.UnknownDevice);
    }

    public async ValueTask<Answer> CommandsAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        if (!TryNumber(request, "index", 0, out var index) || !TryNumber(request, "limit", MaxListed, out var limit))
        {
            return AccountAnswers.Of(AccountError.Invalid("index"));
        }

        var number = request.Account.Account.Number;
        if ((await store.ListDevicesAsync(number, cancellationToken)).FirstOrDefault(device => IsOf(device, request.Token)) is not { } own)
        {
            return AccountAnswers.Of(AccountError.UnknownDevice);
        }

        var most = (int)Math.Clamp(limit, 1, MaxListed);
        var commands = await store.ListCommandsAsync(own.Id, index, most + 1, ServerTimestamp.Now(time), cancellationToken);
        var page = commands.Take(most).ToList();
        return AccountAnswers.Object(writer =>
        {
            writer.WriteNumber("index", page.Count > 0 ? page[^1].Number : Math.Max(0, index - 1));
            writer.WriteBoolean("last", commands.Count <= most);
            writer.WriteStartArray("messages");
            foreach (var command in page)
            {
                writer.WriteStartObject();
                writer.WriteNumber("index", command.Number);
                writer.WritePropertyName("data");
                writer.WriteRawValue(command.Data);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    public async ValueTask<Answer> ListClientsAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var number = request.Account.Account.Number;
        var devices = (await store.ListDevicesAsync(number, cancellationToken)).ToDictionary(static device => device.Token, StringComparer.Ordinal);
        var tokens = await store.ListTokensAsync(number, OfClients, ServerTimestamp.Now(time), cancellationToken);
        return AccountAnswers.Array(writer =>
        {
            foreach (var family in tokens.GroupBy(static token => token.Family ?? token.Digest, StringComparer.Ordinal))
            {
                WriteClient(writer, request, [.. family], devices);
            }
        });
    }

    public async ValueTask<Answer> DestroyClientAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var digest = fields.Optional("sessionTokenId", 64) ?? fields.Optional("refreshTokenId", 64);
        var device = fields.Optional("deviceId", 2 * IdBytes);
        if (digest is null && device is null)
        {
            fields.Fail("sessionTokenId", "");
        }

        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        var number = request.Account.Account.Number;
        digest ??= (await store.ListDevicesAsync(number, cancellationToken)).FirstOrDefault(one => string.Equals(one.Id, device, StringComparison.Ordinal))?.Token;
        if (digest is null || !await store.RemoveFamilyAsync(number, digest, cancellationToken))
        {
            return AccountAnswers.Of(AccountError.UnknownDevice);
        }

        audit.Done(request.Account.Uid, AuditEvents.ClientRemoved, request);
        return AccountAnswers.Empty;
    }

    private static bool IsOf(AccountDevice device, AccountToken token) => string.Equals(device.Token, token.Digest, StringComparison.Ordinal);

    private static bool TryNumber(AccountRequest request, string name, long otherwise, out long number)
    {
        number = otherwise;
        return request.Query(name) is not { } text || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static Dictionary<string, string>? ReadCommands(AccountFields fields)
    {
        if (fields.Raw("availableCommands", JsonValueKind.Object) is not { } value)
        {
            return null;
        }

        var commands = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (commands.Count == MaxCommands || member.Name.Length > 255 || JsonText.Read(member.Value) is not { Length: <= 4096 } text)
            {
                return fields.Fail<Dictionary<string, string>?>("availableCommands", null);
            }

            commands[member.Name] = text;
        }

        return commands;
    }

    /// <summary>All tokens of one sign-in are one client.</summary>
    private static void WriteClient(Utf8JsonWriter writer, AccountRequest request, List<AccountToken> family, Dictionary<string, AccountDevice> devices)
    {
        var session = family.Where(static token => token.Kind == AccountTokenKind.Session).MaxBy(static token => token.Used);
        var refresh = family.Where(static token => token.Kind == AccountTokenKind.Refresh).MaxBy(static token => token.Used);
        var device = family.OrderByDescending(static token => token.Used).Select(token => devices.GetValueOrDefault(token.Digest)).FirstOrDefault(static one => one is not null);
        var data = device is null ? null : DeviceData.Read(device.Data);
        writer.WriteStartObject();
        writer.WriteString("clientId", refresh?.Client);
        writer.WriteString("deviceId", device?.Id);
        writer.WriteString("sessionTokenId", session?.Digest);
        writer.WriteString("refreshTokenId", refresh?.Digest);
        writer.WriteBoolean("isCurrentSession", family.Any(token => string.Equals(token.Digest, request.Token.Digest, StringComparison.Ordinal)));
        writer.WriteString("deviceType", data?.Type ?? "desktop");
        writer.WriteString("name", data is { Name.Length: > 0 } ? data.Name : null);
        if (refresh is null)
        {
            writer.WriteNull("scope");
        }
        else
        {
            writer.WriteStartArray("scope");
            foreach (var scope in Scopes.Split(refresh.Scope))
            {
                writer.WriteStringValue(scope);
            }

            writer.WriteEndArray();
        }

        writer.WriteNumber("createdTime", family.Min(static token => token.Created.Milliseconds));
        writer.WriteNumber("lastAccessTime", family.Max(static token => token.Used.Milliseconds));
        writer.WriteString("userAgent", session is not null ? SessionData.Read(session.Data).UserAgent : refresh!.Data);
        writer.WriteNull("os");
        writer.WriteStartObject("location");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter writer, AccountDevice device, AccountToken current, ServerTimestamp used)
    {
        var data = DeviceData.Read(device.Data);
        writer.WriteString("id", device.Id);
        writer.WriteString("name", data.Name);
        writer.WriteString("type", data.Type);
        writer.WriteStartObject("availableCommands");
        foreach (var (name, value) in data.Commands)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
        writer.WriteString("pushCallback", data.PushCallback);
        writer.WriteString("pushPublicKey", data.PushPublicKey);
        writer.WriteString("pushAuthKey", data.PushAuthKey);
        writer.WriteBoolean("pushEndpointExpired", true);
        writer.WriteBoolean("isCurrentDevice", IsOf(device, current));
        writer.WriteNumber("lastAccessTime", used.Milliseconds);
        writer.WriteNumber("createdAt", device.Created.Milliseconds);
        writer.WriteStartObject("location");
        writer.WriteEndObject();
    }
}
