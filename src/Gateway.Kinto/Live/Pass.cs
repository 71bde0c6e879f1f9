namespace Lockstep.Gateway.Kinto.Live;

/// <summary>How one look at what a stream tells of has ended.</summary>
internal enum Pass
{
    /// <summary>All there is was told.</summary>
    Done,

    /// <summary>There is more.</summary>
    Again,

    /// <summary>There may be more that cannot be told yet.</summary>
    Later,

    /// <summary>The stream is over.</summary>
    Ended,
}
