using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>An issuer's keys as they were read.</summary>
/// <param name="Keys">Those that can be used.</param>
/// <param name="IsCurrent">Whether they could be read when they were last asked for.</param>
internal sealed record KeySet(IReadOnlyList<SecurityKey> Keys, bool IsCurrent)
{
    public static KeySet None { get; } = new([], IsCurrent: false);
}
