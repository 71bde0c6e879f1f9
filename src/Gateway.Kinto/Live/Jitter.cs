using System.Security.Cryptography;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>Sets apart in time what would otherwise happen at once.</summary>
internal static class Jitter
{
    private const int Steps = 1_000;

    /// <summary>A time around the one that is given, between these parts of it.</summary>
    public static TimeSpan Of(TimeSpan time, double least, double most) => time * (least + ((most - least) * RandomNumberGenerator.GetInt32(Steps + 1) / Steps));
}
