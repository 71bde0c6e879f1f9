namespace Lockstep.Grains;

/// <summary>Stored state of a <see cref="ISignInGrain"/>: so many failures in the window that began then.</summary>
[GenerateSerializer, Alias("lockstep.sign-in-failures")]
public sealed class SignInFailures
{
    [Id(0)]
    public DateTimeOffset Began { get; set; }

    [Id(1)]
    public int Count { get; set; }
}
