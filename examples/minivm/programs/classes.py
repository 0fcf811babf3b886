"""Classes: attributes, methods, inheritance, super, class variables and how a body is executed."""


class Animal:
    """Its body is code that runs once."""

    count = 0
    sounds = {name: name[0].upper() for name in ["miau", "wau"]}

    def __init__(self, name):
        self.name = name
        Animal.count += 1

    def speak(self):
        return f"{self.name} says {self.sound()}"

    def sound(self):
        return "nothing"

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"


class Dog(Animal):
    def sound(self):
        return "wau"


class Puppy(Dog):
    def __init__(self, name, age):
        super().__init__(name)
        self.age = age

    def sound(self):
        return super().sound() * 2

    def speak(self):
        return super(Dog, self).speak() + f" at {self.age}"


dog, puppy = Dog("Rex"), Puppy("Bo", 1)
print(dog, puppy, str(dog), [dog, puppy])
print(dog.speak(), "|", puppy.speak(), "|", Animal.speak(puppy), "|", Animal("Tom").speak())
print(Animal.count, Dog.count, Animal.sounds)
dog.count = 100
print(dog.count, puppy.count, dog.__dict__, puppy.__dict__)
print(isinstance(puppy, Animal), isinstance(dog, Puppy), issubclass(Puppy, (int, Dog)), isinstance(3, (str, int)))
print([kind.__name__ for kind in Puppy.__mro__], Puppy.__bases__ == (Dog,), Puppy.__name__, Puppy.__qualname__)
print(type(dog) is Dog, dog.__class__ is Dog, type(Dog) is type, Animal.__doc__, Dog.__module__)
print(Animal, Dog.sound.__qualname__, dog.sound.__func__ is Dog.sound, dog.sound == dog.sound)

print(hasattr(dog, "name"), hasattr(dog, "missing"), getattr(dog, "missing", "default"), getattr(dog, "name"))
setattr(dog, "tail", "long")
print(dog.tail, "tail" in vars(dog))
delattr(dog, "tail")
for action in [lambda: dog.tail, lambda: Dog.tail, lambda: delattr(dog, "tail"), lambda: (5).tail,
               lambda: setattr(5, "x", 1), lambda: None.name]:
    try:
        action()
    except AttributeError as error:
        print(error)

Animal.legs = lambda self: f"{self.name} has legs"
print(puppy.legs())
puppy.legs = lambda: "own"
print(puppy.legs())


def make_class(base, value):
    class Made(base):
        constant = value

        def get(self):
            return self.constant, value

        class Nested:
            inside = value

    return Made


made = make_class(object, 5)
print(made().get(), made.Nested.inside, made.__qualname__, made.Nested.__qualname__)
print(make_class(Dog, 6)("x").get(), make_class(made, 7)().get())


class Registry:
    known = []

    @classmethod
    def register(cls, function):
        cls.known.append(function.__name__)
        return function


@Registry.register
def first():
    pass


@Registry.register
def second():
    pass


print(Registry.known)


class Order:
    steps = []
    for step in range(3):
        steps.append(step)
    if steps:
        has_steps = True
    del step


print(Order.steps, Order.has_steps, hasattr(Order, "step"))
print(sorted(name for name in vars(Order) if not name.startswith("__")))


class Loud:
    def __repr__(self):
        return "loud"

    def __str__(self):
        return "LOUD"


# One place in the code meets them all.
for thing in [object(), Loud(), object(), Loud(), 5, Loud(), ValueError("no"), "text"]:
    print(thing.__str__().partition(" at ")[0], thing.__repr__().partition(" at ")[0], end="; ")
print()
