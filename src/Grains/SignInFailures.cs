namespace Lockstep.Grains;

/// <summary>Stored state of a <see cref="ISignInGrain"/>: the number of failures in a window, and its begin.</summary>
[GenerateSerializer, Alias("lockstep.sign-in-failures")]
public sealed class SignInFailures
{
    [Id(0)]
    public DateTimeOffset Began { get; set; }

    [Id(1)]
    public int Count { get; set; }

    /// <summary>How long they count. Zero if a silo of 0.2.0 or before has stored it.</summary>
    [Id(2)]
    public TimeSpan Window { get; set; }
}
