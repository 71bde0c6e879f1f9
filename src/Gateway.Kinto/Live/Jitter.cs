using System.Security.Cryptography;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>Spreads in time what would otherwise happen at once.</summary>
internal static class Jitter
{
    private const int Steps = 1_000;

    /// <summary>A random time between these two multiples of the given one.</summary>
    public static TimeSpan Of(TimeSpan time, double least, double most) => time * (least + ((most - least) * RandomNumberGenerator.GetInt32(Steps + 1) / Steps));
}
