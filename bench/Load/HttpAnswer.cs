using System.Text;

namespace Lockstep.Bench;

/// <summary>An answer; it lies in its connection's buffer and is overwritten by the next.</summary>
internal readonly record struct HttpAnswer(int Status, ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Body)
{
    public string? Header(string name)
    {
        var head = Encoding.ASCII.GetString(Head.Span);
        var at = head.IndexOf($"\r\n{name}: ", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        var from = at + name.Length + 4;
        var to = head.IndexOf('\r', from);
        return to < 0 ? head[from..] : head[from..to];
    }

    public string Describe() => $"{Status} {Encoding.UTF8.GetString(Body.Span[..Math.Min(Body.Length, 160)])}".Trim();
}
