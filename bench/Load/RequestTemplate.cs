using System.Buffers.Text;
using System.Text;

namespace Lockstep.Bench;

/// <summary>
/// A connection's request as bytes, or several in turn. Each <c>########</c> in one becomes the next number, so that ids rotate or are
/// always new and nothing is built while the clock runs.
/// </summary>
internal sealed class RequestTemplate
{
    public const string Number = "########";

    private readonly byte[] bytes;
    private readonly List<int> places = [];
    private readonly int cycle;
    private RequestTemplate[] others = [];
    private int next;
    private int turn;

    private RequestTemplate(byte[] bytes, int first, int cycle)
    {
        this.bytes = bytes;
        this.cycle = cycle;
        next = first;
        var number = Encoding.ASCII.GetBytes(Number);
        for (var from = 0; bytes.AsSpan(from).IndexOf(number) is >= 0 and var at; from += at + number.Length)
        {
            places.Add(from + at);
        }
    }

    /// <param name="server">Whom it goes to.</param>
    /// <param name="account">Who asks.</param>
    /// <param name="line">Method and path.</param>
    /// <param name="body">JSON; null for none.</param>
    /// <param name="headers">More headers, each with its line end.</param>
    /// <param name="first">The first number.</param>
    /// <param name="cycle">The number after which it begins at 0 again.</param>
    public static RequestTemplate Create(
        ServerProcess server, string? account, string line, string? body = null, string headers = "", int first = 0, int cycle = 100_000_000)
    {
        var text = new StringBuilder($"{line} HTTP/1.1\r\nHost: {server.Host}\r\nAccept: application/json\r\n");
        if (account is not null)
        {
            text.Append($"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{account}:{Accounts.PasswordOf(account)}"))}\r\n");
        }

        text.Append(headers);
        if (body is not null)
        {
            text.Append($"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n");
        }

        return new RequestTemplate(Encoding.ASCII.GetBytes(text.Append("\r\n").Append(body).ToString()), first, cycle);
    }

    /// <summary>Requests that are whole, of which each is the next one in turn.</summary>
    public static RequestTemplate InTurn(IReadOnlyList<string> requests)
    {
        var all = requests.Select(static text => new RequestTemplate(Encoding.ASCII.GetBytes(text), first: 0, cycle: 1)).ToArray();
        all[0].others = all[1..];
        return all[0];
    }

    /// <summary>The next request; valid until the one after it.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        if (others.Length > 0 && turn++ % (others.Length + 1) is > 0 and var other)
        {
            return others[other - 1].Next();
        }

        foreach (var place in places)
        {
            Utf8Formatter.TryFormat(next, bytes.AsSpan(place, Number.Length), out _, new('D', (byte)Number.Length));
            next = (next + 1) % cycle;
        }

        return bytes;
    }
}
