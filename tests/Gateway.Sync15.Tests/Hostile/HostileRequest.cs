using System.Text;
using System.Text.Json;
using Xunit.Sdk;

namespace Lockstep.Gateway.Sync15.Tests.Hostile;

/// <summary>A request that nobody would write.</summary>
/// <param name="Method">As it goes out.</param>
/// <param name="Target">Path and query, as they go out.</param>
/// <param name="Headers">Beside those of the sender.</param>
/// <param name="Body">Null for none.</param>
internal sealed record HostileRequest(string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, byte[]? Body)
{
    /// <summary>Whether it changes something, where it is not refused.</summary>
    public bool IsWrite => Method is "PUT" or "POST" or "DELETE";

    /// <summary>Looks at the answer, and says what it was where it is not as it should be.</summary>
    public void Judge(SyncAnswer answer, Action<HostileRequest, SyncAnswer> judge)
    {
        try
        {
            judge(this, answer);
        }
        catch (Exception e) when (e is XunitException or JsonException or KeyNotFoundException)
        {
            throw new XunitException($"{e.Message}\n{answer.Status} {string.Join(", ", answer.Headers.Select(static header => $"{header.Key}: {header.Value}"))}\n{answer.Text}", e);
        }
    }

    public override string ToString() =>
        $"{Method} {Target}\n{string.Concat(Headers.Select(static header => $"{header.Name}: {header.Value}\n"))}\n{(Body is null ? "" : Encoding.Latin1.GetString(Body))}";
}
