namespace Lockstep.Import.Kinto;

/// <summary>How many objects of one kind the import has dealt with so far, and how.</summary>
public sealed class KintoCount
{
    /// <summary>All objects there.</summary>
    public long There { get; internal set; }

    public long Imported { get; internal set; }

    /// <summary>Objects that an earlier run has imported, or whose name is taken here. Nothing of them was touched.</summary>
    public long Before { get; internal set; }

    /// <summary>Objects that cannot be imported. Notes say why.</summary>
    public long Refused { get; internal set; }

    /// <summary>Objects of a bucket or collection that no longer exists.</summary>
    public long OfNobody { get; internal set; }

    /// <summary>Whether each object is counted exactly once.</summary>
    public bool IsEven => There == Imported + Before + Refused + OfNobody;

    public override string ToString() => FormattableString.Invariant($"{There:N0} there; {Imported:N0} imported, {Before:N0} here before, {Refused:N0} left out, {OfNobody:N0} of nobody");
}
