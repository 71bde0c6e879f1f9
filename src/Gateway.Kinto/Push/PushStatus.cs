namespace Lockstep.Gateway.Kinto.Push;

/// <summary>What became of a notice.</summary>
internal enum PushStatus
{
    /// <summary>The push service has it.</summary>
    Taken,

    /// <summary>The push service knows the subscription no more.</summary>
    Gone,

    /// <summary>It could not be sent now; it can be later.</summary>
    Later,

    /// <summary>The push service does not want it, now or later.</summary>
    Refused,
}
